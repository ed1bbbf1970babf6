//! What clients of each dialect say and are told: whole frames in, whole frames out.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod json;
#[cfg(test)]
mod matchbox;
#[cfg(test)]
mod mixed;
#[cfg(test)]
mod native;
#[cfg(test)]
mod native_errors;
#[cfg(test)]
mod peerjs;
#[cfg(test)]
mod peerjs_mixed;
#[cfg(test)]
mod root;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod table;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod y_webrtc;
